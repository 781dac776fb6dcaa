"""Find directions in the latent space of a model: from labels, from scores, from pairs, or from the model alone.

model.py      a model with the facts about it, and how its latents are spread
labels.py     labelled samples, from a table or by a scorer
fit.py        a linear model of them; its direction
condition.py  one direction without others
pca.py        principal components of the latents
sefa.py       singular vectors of the style affines
pairs.py      from one latent to another, many times
write.py      files that say what they hold
strip.py      pictures of -3 to 3 sigma
listing.py    what there is
"""
