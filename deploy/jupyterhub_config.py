"""JupyterHub that gives every learner a `phb serve` of their own.

Learners come by LTI 1.3 from a learning platform (Moodle, Canvas, ...) where LTI_ISSUER is set;
without it, by any name and the password in PHB_TRY_PASSWORD, which is for trying things out.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  JupyterHub gives it to its configuration

c.JupyterHub.bind_url = os.environ.get("PHB_HUB_URL", "http://127.0.0.1:8000/")
c.JupyterHub.hub_bind_url = os.environ.get("PHB_HUB_INSIDE", "http://127.0.0.1:8081")
c.ConfigurableHTTPProxy.api_url = os.environ.get("PHB_PROXY_INSIDE", "http://127.0.0.1:8001")
c.ConfigurableHTTPProxy.command = [
    os.environ.get("PHB_PROXY", "configurable-http-proxy"),
]

# All learners' servers run as the hub's own user. They can run no code of theirs, so they need
# no system users; with DockerSpawner or KubeSpawner each server has a container of its own.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(Path.cwd() / "home" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "phbkit", "serve", "--sign-in", "hub"]
c.Spawner.environment = {
    # One database for all, so that a trainer sees a cohort and `phb run` can read it.
    "PHB_DATABASE": os.environ["PHB_DATABASE"],
    "PHB_PUBLIC_URL": os.environ.get("PHB_PUBLIC_URL", ""),
}
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
c.JupyterHub.shutdown_on_logout = True

# A learner's server ends when nobody has used it for twenty minutes, and starts again by itself
# when they come back; an open module counts as use.
IDLE_SECONDS = int(os.environ.get("PHB_HUB_IDLE_SECONDS", "1200"))
c.JupyterHub.implicit_spawn_seconds = 1
c.JupyterHub.last_activity_interval = IDLE_SECONDS // 4
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SECONDS}"
        ],
    }
]  # fmt: skip
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]

if "LTI_ISSUER" in os.environ:
    c.JupyterHub.authenticator_class = "ltiauthenticator.lti13.auth.LTI13Authenticator"
    c.LTI13Authenticator.issuer = os.environ["LTI_ISSUER"]
    c.LTI13Authenticator.client_id = [os.environ["LTI_CLIENT_ID"]]
    c.LTI13Authenticator.authorize_url = os.environ["LTI_AUTHORIZE_URL"]
    c.LTI13Authenticator.jwks_endpoint = os.environ["LTI_JWKS_URL"]
    c.LTI13Authenticator.username_key = "sub"  # an opaque id, not a mail address
    c.LTI13Authenticator.uri_scheme = os.environ.get("LTI_SCHEME", "https")
    c.Authenticator.allow_all = True  # whoever the platform launches
else:
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = os.environ["PHB_TRY_PASSWORD"]
    c.Authenticator.allow_all = True
