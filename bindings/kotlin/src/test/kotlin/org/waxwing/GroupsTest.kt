package org.waxwing

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.time.Instant
import kotlin.time.Duration.Companion.hours

/** Groups, and invitations to them. */
class GroupsTest {
    private suspend fun notices(chat: Conversation) =
        soon { chat.history(200) }.mapNotNull { (it.body as? Body.Group)?.what }

    private fun groupOf(chat: Conversation) = checkNotNull(chat.group)

    @Test
    fun groups() = scenario { stage ->
        val (alice, bob, carol) = listOf("alice", "bob", "carol").map { stage.person(it) }
        val birds = soon { alice.createGroup("birds", Handle("bob"), Handle("carol")) }
        assertNull(birds.peer)
        val (atBob, atCarol) = listOf(bob, carol).map { found(it, birds.id) }
        val line = line(bob) { it.id == birds.id }
        assertEquals(GroupHead("birds", GroupStanding.Member), line.group)
        assertNull(line.peer)

        val (alices, bobs, carols) = listOf(birds, atBob, atCarol).map { groupOf(it) }
        val info = soon { bobs.info() }
        assertEquals("birds", info.title)
        assertEquals(GroupStanding.Member, info.standing)
        assertEquals(GroupSettings(), info.settings)
        assertTrue(info.epoch >= 1)
        val roles = mapOf("alice" to GroupRole.Owner, "bob" to GroupRole.Member, "carol" to GroupRole.Member)
        assertEquals(roles, info.members.associate { it.contact.handle to it.role })

        readByAll(birds, listOf(bob to atBob, carol to atCarol))
        fails<WaxwingException.Permission>("not_permitted") { bobs.setTitle("Bob's") }
        soon { alices.setRole(Handle("bob"), GroupRole.Admin) }
        eventually("Bob may") {
            try {
                bobs.setTitle("Bob's birds")
                true
            } catch (_: WaxwingException.Permission) {
                false
            }
        }
        eventually("Carol sees the title") { carols.info().title == "Bob's birds" }
        val told = notices(atCarol)
        val given = told.filterIsInstance<GroupNotice.Role>().map { it.member.contact.handle to it.member.role }
        assertEquals(listOf<Pair<String?, GroupRole>>("bob" to GroupRole.Admin), given)
        assertEquals(listOf("Bob's birds"), told.filterIsInstance<GroupNotice.Title>().map { it.title })

        val settings = GroupSettings(write = GroupWho.Admins)
        soon { alices.setSettings(settings) }
        eventually("Carol may not write") { carols.info().settings == settings }
        fails<WaxwingException.Permission>("not_permitted") { atCarol.send("may I?") }
        val picture = ByteArray(1000) { it.toByte() }
        soon { alices.setPicture(picture) }
        eventually("Bob sees the picture") { bobs.picture()?.contentEquals(picture) == true }
        assertEquals(64, soon { bobs.info() }.pictureHash?.length)
        departures(birds, atBob, atCarol)
    }

    private suspend fun readByAll(chat: Conversation, readers: List<Pair<WaxwingClient, Conversation>>) {
        val sent = soon { chat.send("hello, birds") }
        for ((client, theirs) in readers) {
            val message = take(client, 1).single()
            assertEquals("hello, birds", message.text)
            assertEquals("birds", message.groupTitle)
            assertEquals("alice", message.sender.handle)
            soon { theirs.markRead(message.id) }
        }
        val receipts = until("all read it") { groupOf(chat).receipts(sent.id).takeIf { it.allRead } }
        assertEquals(listOf(Reach.Read, Reach.Read), receipts.members.map { it.reach })
        assertEquals(2L to 2L, receipts.delivered to receipts.read)
        assertTrue(receipts.allDelivered)
    }

    private suspend fun departures(birds: Conversation, atBob: Conversation, atCarol: Conversation) {
        soon { groupOf(birds).remove(Handle("carol")) }
        eventually("Carol is out") { groupOf(atCarol).info().standing == GroupStanding.Out }
        soon { birds.send("without Carol").await(DeliveryGoal.Delivered) }
        assertFalse("without Carol" in texts(atCarol))
        soon { groupOf(atBob).leave() }
        eventually("Alice is alone") { groupOf(birds).info().members.size == 1 }
        eventually("she is told") { GroupNotice.Left in notices(birds) }
        soon { groupOf(birds).leave() }
    }

    private suspend fun stands(client: WaxwingClient, id: ConversationId, state: JoinState) =
        eventually("it is $state") { client.joins().any { it.conversation == id && it.state == state } }

    @Test
    fun groupInvitation() = scenario { stage ->
        val (alice, bob) = listOf("alice", "bob").map { stage.person(it) }
        val birds = soon { alice.createGroup("birds") }
        val group = groupOf(birds)
        val open = soon { group.invite() }
        assertEquals(InvitationState.Open, open.state)
        val text = checkNotNull(open.link)
        assertFalse(text in "$open")
        val link = Waxwing.readInvitation(text)
        assertEquals(InvitationLink(birds.id, "alice", needsApproval = false, expiresAt = null), link)
        fails<WaxwingException.Misuse>("invitation_invalid") { Waxwing.readInvitation("nonsense") }

        val bobHears = Heard(bob)
        val join = soon { bob.join(text) }
        assertEquals(birds.id, join.conversation)
        assertNotEquals(JoinState.Refused, join.state)
        found(bob, birds.id)
        assertEquals(birds.id, bobHears.hear<Event.JoinAnswered>().conversation)
        stands(bob, birds.id, JoinState.Joined)

        val made = soon { group.invite(needsApproval = true, lifetime = 1.hours) }
        assertTrue(made.needsApproval)
        assertTrue(checkNotNull(made.expiresAt) <= Instant.now().plusSeconds(3660))
        val (carol, dave) = listOf("carol", "dave").map { stage.person(it) }
        val aliceHears = Heard(alice)
        for (client in listOf(carol, dave)) {
            assertEquals(JoinState.Waiting, soon { client.join(checkNotNull(made.link)) }.state)
        }
        val asks = aliceHears.hear<Event.JoinRequested> { it.account == carol.me?.account }
        assertEquals(birds.id, asks.conversation)
        val requests = until("both ask") { group.requests().takeIf { it.size == 2 } }
        assertEquals(setOf<String?>("carol", "dave"), requests.map { it.contact.handle }.toSet())
        soon { group.approve(Handle("carol")) }
        found(carol, birds.id)
        soon { group.refuse(checkNotNull(dave.me).account) }
        stands(dave, birds.id, JoinState.Refused)

        soon { group.revoke(made.id) }
        assertEquals(InvitationState.Revoked, soon { group.invitations() }.single { it.id == made.id }.state)
        val erin = stage.person("erin")
        soon { erin.join(checkNotNull(made.link)) }
        stands(erin, birds.id, JoinState.Refused)
    }
}
