"""Makes `+hydra/callbacks=[lrdsl]` known to Hydra, which imports this file when an app starts.

The config is stored and not a file on the search path, so that no app sees others of lrdsl's
configs. lrdsl itself is only imported where the callback is used.
"""

from hydra.core.config_store import ConfigStore

ConfigStore.instance().store(
    group="hydra/callbacks",
    name="lrdsl",
    provider="lrdsl",
    node={
        "lrdsl": {
            "_target_": "lrdsl.hydra.LintCallback",
            "_convert_": "all",
            "fail_on": "error",
            "select": None,
            "ignore": [],
            "contracts": {},
            "exclude": [],
            "context": {},
        }
    },
)
