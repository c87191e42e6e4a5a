"""Makes `${lrdsl.at:…}`, `length`, `peak` and `slug` known when a Hydra app starts."""

from lrdsl.hydra.registration import register

register()
