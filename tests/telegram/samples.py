"""Updates as Telegram writes them."""

from typing import Any

Json = dict[str, Any]

ANNA = 700
BOT = {"id": 42, "is_bot": True, "first_name": "Abonent", "username": "abonent_bot"}
GROUP = {"id": -5, "type": "group", "title": "Neighbours"}


def person(person_id: int = ANNA, language: str | None = "ru") -> Json:
    user = {"id": person_id, "is_bot": False, "first_name": "Anna", "last_name": "Orlova"}
    return user | ({"language_code": language} if language else {})


def private(person_id: int = ANNA) -> Json:
    return {"id": person_id, "type": "private", "first_name": "Anna"}


def message(update_id: int = 1, *, by: int = ANNA, chat: Json | None = None, **content: Any) -> Json:
    body = {"message_id": 10 + update_id, "date": 1_700_000_000, "chat": chat or private(by), "from": person(by)}
    return {"update_id": update_id, "message": body | content}


def text(words: str, update_id: int = 1, **more: Any) -> Json:
    return message(update_id, text=words, **more)


def press(payload: str, update_id: int = 1, *, by: int = ANNA) -> Json:
    bearer = {"message_id": 55, "date": 1_700_000_000, "chat": private(by), "from": BOT, "text": "?"}
    query = {"id": f"q{update_id}", "from": person(by), "message": bearer, "chat_instance": "1", "data": payload}
    return {"update_id": update_id, "callback_query": query}


def membership(old: str, new: str, update_id: int = 1, *, chat: Json | None = None, language: str = "ru") -> Json:
    def member(status: str) -> Json:
        return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})

    change = {
        "chat": chat or private(),
        "from": person(language=language),
        "date": 1_700_000_000,
        "old_chat_member": member(old),
        "new_chat_member": member(new),
    }
    return {"update_id": update_id, "my_chat_member": change}
