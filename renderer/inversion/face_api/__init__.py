"""Find faces and their 68 landmarks by two small networks, which come with latentreel.

The weights beside this file are those of the npm package `@vladmandic/face-api` 1.7.15, byte for byte, under the MIT
licence that lies with them; it took them from `face-api.js` by Vincent Mühler, MIT too. The networks are written anew.
"""

from renderer.inversion.face_api.find import face_api_finder as face_api_finder
