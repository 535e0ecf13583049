package org.waxwing.internal

/** How many bytes of UTF-8 stand before an index. What is beyond the end counts one by one, so that it stays beyond it. */
internal fun String.bytesBefore(index: Int): Int {
    val inside = index.coerceAtMost(length)
    return substring(0, inside).encodeToByteArray().size + (index - inside)
}

/** The other way. */
internal fun String.indexAfter(bytes: Long): Int {
    var left = bytes
    var index = 0
    while (index < length && left > 0) {
        val point = codePointAt(index)
        left -= String(Character.toChars(point)).encodeToByteArray().size
        index += Character.charCount(point)
    }
    return (index + left.coerceAtLeast(0)).coerceAtMost(Int.MAX_VALUE.toLong()).toInt()
}
