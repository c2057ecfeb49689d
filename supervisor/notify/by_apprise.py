"""apprise: one library for a hundred services. Loaded only when an address is set, in a thread."""

import logging
from typing import Final

import apprise
from apprise import NotifyFormat, NotifyType, PersistentStoreMode

from supervisor.core.notice import Notice, NoticeKind
from supervisor.notify.sender import Post

#: These name addresses, and parts of them that are secret.
_INDISCREET: Final = ("apprise", "requests", "urllib3", "requests_oauthlib", "paho")
_TYPES: Final = {
    NoticeKind.FINISHED: NotifyType.SUCCESS,
    NoticeKind.RECOVERED: NotifyType.SUCCESS,
    NoticeKind.LOST: NotifyType.FAILURE,
}


def open_post(url: str) -> Post | None:
    """The address of this URL, ``None`` if apprise does not know such."""
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # No picture from a server of others, nothing on disk, no plug-ins but its own.
    asset = apprise.AppriseAsset(
        app_id="Wakeline",
        app_desc="Wakeline",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        secure_logging=True,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    address = apprise.Apprise(asset=asset)
    try:
        if not address.add(url):
            return None
    except Exception:  # noqa: BLE001  # whatever a plug-in raises names the address
        return None

    def post(notice: Notice) -> bool:
        # Some services need a text.
        text = notice.text or notice.title
        title = notice.title if notice.text else ""
        try:
            arrived = address.notify(
                text, title=title, notify_type=_type(notice), body_format=NotifyFormat.TEXT
            )
        except Exception:  # noqa: BLE001  # the same
            return False
        return bool(arrived)

    return post


def _type(notice: Notice) -> NotifyType:
    return _TYPES.get(notice.kind, NotifyType.WARNING if notice.urgent else NotifyType.INFO)
