"""A real RTSP camera for the tests: GStreamer's server, run by Debian's own Python.

    /usr/bin/python3 rtsp_server.py FILE.mkv [USER PASSWORD]

Serves the H.264 in FILE at /view, and sound without a picture at /sound; prints its port. FILE may
be ``strange``, then /view has a codec that nobody reads, or end in ``.lossy.mkv``: a third of its
slices is left out.
With USER and PASSWORD it asks for Digest.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)


def factory(launch, token_role):
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(launch)
    made.set_shared(True)
    if token_role:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(token_role, "media.factory.access", True)
        permissions.add_permission_for_role(token_role, "media.factory.construct", True)
        made.set_permissions(permissions)
    return made


def main():
    path = sys.argv[1]
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    role = None
    if len(sys.argv) == 4:
        role = "watcher"
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", role)
        auth.add_digest(sys.argv[2], sys.argv[3], token)
        server.set_auth(auth)
    mounts = server.get_mount_points()
    # The file's own clock paces it: the payloader sends by time stamps.
    worse = ""
    if path.endswith(".lossy.mkv"):
        worse = "! video/x-h264,alignment=nal ! identity drop-probability=0.33"
    launch = (
        f"( filesrc location={path} ! matroskademux ! h264parse config-interval=-1 {worse} "
        "! identity sync=true ! rtph264pay name=pay0 pt=96 )"
    )
    if path == "strange":
        launch = "( videotestsrc is-live=true ! rtpgstpay name=pay0 pt=96 )"
    mounts.add_factory("/view", factory(launch, role))
    mounts.add_factory(
        "/sound", factory("( audiotestsrc is-live=true ! mulawenc ! rtppcmupay name=pay0 )", role)
    )
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
