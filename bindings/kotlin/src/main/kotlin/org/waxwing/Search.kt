package org.waxwing

import org.waxwing.internal.asOurs
import org.waxwing.internal.calling

/**
 * Finds messages with these words in all conversations, the newest first.
 *
 * Every word must be there, in any order; the last may be only begun. Case and accents do not matter.
 *
 * @param limit at most so many, and at most 500.
 */
public suspend fun WaxwingClient.search(words: String, limit: Int = 50): List<TimelineItem> =
    calling { ffi.search(words, countOf(limit)) }.map { it.asOurs() }

/**
 * One entry of a conversation, by its id.
 *
 * @throws WaxwingException.NotFound `not_found`.
 */
public suspend fun WaxwingClient.entry(id: MessageId): TimelineItem = calling { ffi.entry(id) }.asOurs()
