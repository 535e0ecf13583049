package org.example.birds

import androidx.lifecycle.ViewModel
import androidx.lifecycle.viewModelScope
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.stateIn
import kotlinx.coroutines.launch
import org.waxwing.Conversation
import org.waxwing.TimelineItem

/** A screen with one conversation. */
class ChatViewModel(private val chat: Conversation) : ViewModel() {
    private val timeline = chat.timeline(limit = 50)

    /** For `collectAsStateWithLifecycle`: it rests five seconds after the screen is gone, and goes on where it stood. */
    val items: StateFlow<List<TimelineItem>> =
        timeline.items.stateIn(viewModelScope, SharingStarted.WhileSubscribed(5_000), emptyList())

    fun send(text: String) {
        viewModelScope.launch { chat.send(text) }
    }

    /** The user scrolled up to the first entry. */
    fun older() {
        viewModelScope.launch { timeline.older() }
    }

    /** The user saw this entry. */
    fun seen(item: TimelineItem) {
        if (!item.isOutgoing) viewModelScope.launch { chat.markRead(item.id) }
    }

    override fun onCleared() = timeline.close()
}
