"""What our two D-Bus objects say of themselves, for hosts that ask before they call."""

from collections.abc import Mapping, Sequence

Arguments = Sequence[tuple[str, str, str]]

ITEM_PROPERTIES = {
    "Category": "s",
    "Id": "s",
    "Title": "s",
    "Status": "s",
    "WindowId": "i",
    "IconThemePath": "s",
    "IconName": "s",
    "IconPixmap": "a(iiay)",
    "OverlayIconName": "s",
    "OverlayIconPixmap": "a(iiay)",
    "AttentionIconName": "s",
    "AttentionIconPixmap": "a(iiay)",
    "AttentionMovieName": "s",
    "ToolTip": "(sa(iiay)ss)",
    "ItemIsMenu": "b",
    "Menu": "o",
}
MENU_PROPERTIES = {"Version": "u", "Status": "s", "TextDirection": "s", "IconThemePath": "as"}

ITEM_METHODS: Mapping[str, Arguments] = {
    "ContextMenu": [("in", "x", "i"), ("in", "y", "i")],
    "Activate": [("in", "x", "i"), ("in", "y", "i")],
    "SecondaryActivate": [("in", "x", "i"), ("in", "y", "i")],
    "Scroll": [("in", "delta", "i"), ("in", "orientation", "s")],
    "ProvideXdgActivationToken": [("in", "token", "s")],
}
ITEM_SIGNALS: Mapping[str, Arguments] = {
    "NewTitle": [],
    "NewIcon": [],
    "NewAttentionIcon": [],
    "NewToolTip": [],
    "NewStatus": [("", "status", "s")],
}
MENU_METHODS: Mapping[str, Arguments] = {
    "GetLayout": [
        ("in", "parentId", "i"),
        ("in", "recursionDepth", "i"),
        ("in", "propertyNames", "as"),
        ("out", "revision", "u"),
        ("out", "layout", "(ia{sv}av)"),
    ],
    "GetGroupProperties": [
        ("in", "ids", "ai"),
        ("in", "propertyNames", "as"),
        ("out", "properties", "a(ia{sv})"),
    ],
    "GetProperty": [("in", "id", "i"), ("in", "name", "s"), ("out", "value", "v")],
    "Event": [("in", "id", "i"), ("in", "eventId", "s"), ("in", "data", "v"), ("in", "timestamp", "u")],
    "EventGroup": [("in", "events", "a(isvu)"), ("out", "idErrors", "ai")],
    "AboutToShow": [("in", "id", "i"), ("out", "needUpdate", "b")],
    "AboutToShowGroup": [("in", "ids", "ai"), ("out", "updatesNeeded", "ai"), ("out", "idErrors", "ai")],
}
MENU_SIGNALS: Mapping[str, Arguments] = {
    "ItemsPropertiesUpdated": [("", "updatedProps", "a(ia{sv})"), ("", "removedProps", "a(ias)")],
    "LayoutUpdated": [("", "revision", "u"), ("", "parent", "i")],
    "ItemActivationRequested": [("", "id", "i"), ("", "timestamp", "u")],
}
PROPERTIES_METHODS: Mapping[str, Arguments] = {
    "Get": [("in", "interface", "s"), ("in", "name", "s"), ("out", "value", "v")],
    "GetAll": [("in", "interface", "s"), ("out", "values", "a{sv}")],
}
PROPERTIES_SIGNALS: Mapping[str, Arguments] = {
    "PropertiesChanged": [("", "interface", "s"), ("", "changed", "a{sv}"), ("", "invalidated", "as")],
}


def _members(kind: str, members: Mapping[str, Arguments]) -> str:
    written = ""
    for name, arguments in members.items():
        inside = "".join(
            f'<arg name="{argument}" type="{form}"' + (f' direction="{way}"/>' if way else "/>")
            for way, argument, form in arguments
        )
        written += f'<{kind} name="{name}">{inside}</{kind}>'
    return written


def _interface(
    name: str,
    methods: Mapping[str, Arguments],
    signals: Mapping[str, Arguments],
    properties: Mapping[str, str],
) -> str:
    fields = "".join(
        f'<property name="{key}" type="{form}" access="read"/>' for key, form in properties.items()
    )
    calls = _members("method", methods) + _members("signal", signals)
    return f'<interface name="{name}">{calls}{fields}</interface>'


def _node(*interfaces: str) -> str:
    properties = _interface("org.freedesktop.DBus.Properties", PROPERTIES_METHODS, PROPERTIES_SIGNALS, {})
    return f"<node>{''.join(interfaces)}{properties}</node>"


def item() -> str:
    """The XML of the icon's object."""
    return _node(_interface("org.kde.StatusNotifierItem", ITEM_METHODS, ITEM_SIGNALS, ITEM_PROPERTIES))


def menu() -> str:
    """The XML of the menu's object."""
    return _node(_interface("com.canonical.dbusmenu", MENU_METHODS, MENU_SIGNALS, MENU_PROPERTIES))
