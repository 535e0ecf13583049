package org.waxwing

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What a message carries, what is said about it, and finding it again. */
class AnnotationsTest {
    @Test
    fun annotations() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val (toBob, toAlice) = listOf(soon { alice.direct("bob") }, soon { bob.direct("alice") })
        val id = soon { toBob.send("helo") }.id
        take(bob, 1)
        soon { toBob.edit(id, "hello") }
        assertEquals("hello", entryOf(toAlice, id) { it.isEdited }.text)

        for (reaction in listOf("👍", "❤️")) soon { toAlice.react(id, reaction) }
        val item = entryOf(toBob, id) { entry -> entry.reactions.map { it.reaction } == listOf("❤️") }
        assertEquals(listOf<String?>("bob"), item.reactions.single().by.map { it.handle })
        soon { toAlice.react(id, null) }
        entryOf(toBob, id) { it.reactions.isEmpty() }
        fails<WaxwingException.Permission>("not_allowed") { toAlice.edit(id, "mine") }

        soon { toBob.deleteForEveryone(id) }
        for (chat in listOf(toBob, toAlice)) entryOf(chat, id) { it.body == Body.Deleted && it.text == null }
        val stays = soon { toBob.send("stays with Alice") }.id
        entryOf(toAlice, stays) { true }
        soon { toAlice.deleteForMe(stays) }
        fails<WaxwingException.NotFound>("not_found") { bob.entry(stays) }
        assertFalse(soon { toAlice.history() }.any { it.id == stays })
        assertEquals("stays with Alice", soon { alice.entry(stays) }.text)
    }

    @Test
    fun marks() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val (toBob, toAlice) = listOf(soon { alice.direct("bob") }, soon { bob.direct("alice") })
        val account = checkNotNull(alice.me).account
        val one = soon { toBob.send("one") }.id
        take(bob, 1)
        val mention = Mention(account, 0, 6)
        soon { toAlice.send("@alice: é, two", replyTo = one, mentions = listOf(mention)) }
        val answer = take(alice, 1).single()
        assertEquals(one, answer.marks.replyTo)
        assertEquals(listOf(mention), answer.marks.mentions)
        assertEquals(1, line(alice) { it.unreadMentions > 0 }.unreadMentions)
        // Places are counted as Kotlin counts, also behind what UTF-8 and UTF-16 write otherwise.
        val later = Mention(account, 5, 11)
        assertEquals("@alice", "é🐦, @alice".substring(later.start, later.end))
        soon { toAlice.send("é🐦, @alice", mentions = listOf(later)) }
        line(alice) { it.unreadMentions == 2L }
        assertEquals(listOf(later), soon { toBob.history(1) }.single().marks.mentions)

        soon { toBob.send("one", forwarded = true) }
        val place = Custom("example.com/location", byteArrayOf(1, 2, 3))
        soon { toBob.send("a place", custom = place) }
        val messages = take(bob, 3, "again")
        assertEquals(listOf(false, true, false), messages.map { it.marks.isForwarded })
        assertEquals("a place", messages[2].text)
        assertEquals(place, messages[2].marks.custom)
        assertEquals(place, soon { toAlice.history(1) }.single().marks.custom)
        fails<WaxwingException.Misuse>("invalid_input") { toBob.send("short", mentions = listOf(Mention(account, 40, 46))) }
    }

    @Test
    fun searchJumpAndExport() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val (toBob, toAlice) = listOf(soon { alice.direct("bob") }, soon { bob.direct("alice") })
        val texts = List(60) { if (it == 9) "the Éclair of ten" else "number ${it + 1}" }
        for (text in texts) soon { toBob.send(text) }
        take(bob, 60)
        val everywhere = soon { bob.search("eclair") }
        val item = everywhere.single()
        assertEquals(everywhere, soon { toAlice.search("eclair") })
        assertEquals(emptyList<TimelineItem>(), soon { bob.search("tart") })
        assertEquals(item, soon { bob.entry(item.id) })

        val page = soon { toAlice.history(9, around = item.id) }.map { it.text }
        val begin = texts.indexOf(page.first())
        assertEquals(texts.subList(begin, begin + 9), page)
        assertTrue(item.text in page)
        toAlice.timeline(9, around = item.id).use { timeline ->
            assertTrue(item in soon { timeline.items.first() })
            soon { toBob.send("at last") }
            soon { timeline.items.first { it.last().text == "at last" } }
        }

        assertEquals(texts + "at last", soon { toAlice.export().toList() }.map { it.text })
        soon { Waxwing.openHistory(stage.store("bob")) }.use { history ->
            assertEquals(everywhere, soon { history.search("eclair") })
            assertEquals(everywhere, soon { history.search("eclair", toAlice.id) })
            assertEquals(item, soon { history.entry(item.id) })
            assertEquals(texts + "at last", soon { history.export(toAlice.id).toList() }.map { it.text })
        }
    }
}
