package org.waxwing

/** An account, named by its id or by its handle. */
public sealed interface Someone

/** The name under which an account is found. `toString` hides it. */
@JvmInline
public value class Handle(
    /** Its text: 2 to 32 characters, `a-z`, `0-9`, `.`, `-` and `_`. */
    public val text: String,
) : Someone {
    override fun toString(): String = "Handle(..)"
}

/** A person or a bot: the same on all of their devices, and for everybody who knows them. */
@JvmInline
public value class AccountId(
    /** Its text, such as `01890a5d-ac96-774b-bcce-b302099a8057`: for your database and your logs. */
    public val value: String,
) : Someone {
    init {
        requireId(value)
    }

    override fun toString(): String = value
}

/** One installation of the app. */
@JvmInline
public value class DeviceId(
    /** Its text, such as `01890a5d-ac96-774b-bcce-b302099a8057`. */
    public val value: String,
) {
    init {
        requireId(value)
    }

    override fun toString(): String = value
}

/** A message. It is final when the message is written, so a bubble never has to change its key. */
@JvmInline
public value class MessageId(
    /** Its text, such as `01890a5d-ac96-774b-bcce-b302099a8057`. */
    public val value: String,
) {
    init {
        requireId(value)
    }

    override fun toString(): String = value
}

/** A conversation, the same on both sides. */
@JvmInline
public value class ConversationId(
    /** Its text, such as `01890a5d-ac96-774b-bcce-b302099a8057`: for a notification's tag or a navigation route. */
    public val value: String,
) {
    init {
        requireId(value)
    }

    override fun toString(): String = value
}

/** An invitation to a group. It does not tell its link. */
@JvmInline
public value class InvitationId(
    /** Its text, such as `01890a5d-ac96-774b-bcce-b302099a8057`. */
    public val value: String,
) {
    init {
        requireId(value)
    }

    override fun toString(): String = value
}

private const val ID_CHARS = 36

private fun requireId(text: String) {
    require(text.length == ID_CHARS && text.indices.all { fits(text[it], it) }) {
        "not an id: ids look like 01890a5d-ac96-774b-bcce-b302099a8057"
    }
}

private fun fits(char: Char, place: Int): Boolean = when (place) {
    8, 13, 18, 23 -> char == '-'
    else -> char in '0'..'9' || char in 'a'..'f'
}
