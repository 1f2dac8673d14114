"""The default method: one posterior over a person's preference, every kind of feedback.

Our own; it unites ideas of four published systems:

- SPA (Zhu et al., ICCV 2025): preference as a latent distribution, picked among alternatives.
- UAIR (Zhao et al., npj Digital Medicine 2026): candidates where an ensemble is unsure.
- MultiverSeg (Wong et al., ICCV 2025): finished images as context for the next one.
- Just Say Better or Worse (Zhang et al., 2025): one-bit judgements of a change.

| symbol | name here |
|---|---|
| z, p(z) | latent preference; ``particles.LatentPrior`` |
| b, B_i | ``bases.Bases.mean``, ``.directions`` |
| S, w_s | number of particles, ``particles.Particles.weights`` |
| K, r_k | number of alternatives, ``offer.Offer.choices`` |
| beta, t, e | ``beta``, ``none_at``, ``lapse`` in ``config.PosteriorConfig`` |
| e_c, g, beta_a | ``prompt_lapse``, ``prompt_weight``, ``accept_power`` there |
| m, C, W | ``mean``, ``covariance``, ``within`` of a profile |

To read: ``network.py`` (features and head), ``field.py`` (slices of a volume), ``evidence.py`` and
``choice.py`` (answers as likelihoods), ``particles.py`` (the posterior), ``decide.py``,
``choose.py`` and ``offer.py`` (what is shown), ``method.py`` (the verbs), ``rehearse.py`` and
``train.py`` (training), ``fit.py`` (constants).
"""
