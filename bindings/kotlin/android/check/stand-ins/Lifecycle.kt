/** Stands in for `androidx.lifecycle`, as `Annotation.kt` does. */
package androidx.lifecycle

import kotlinx.coroutines.CoroutineScope

interface LifecycleObserver

interface LifecycleOwner {
    val lifecycle: Lifecycle
}

abstract class Lifecycle {
    abstract fun addObserver(observer: LifecycleObserver)
}

interface DefaultLifecycleObserver : LifecycleObserver {
    fun onCreate(owner: LifecycleOwner) {}

    fun onStart(owner: LifecycleOwner) {}

    fun onStop(owner: LifecycleOwner) {}
}

class ProcessLifecycleOwner private constructor(override val lifecycle: Lifecycle) : LifecycleOwner {
    companion object {
        fun get(): LifecycleOwner = error("a stand-in")
    }
}

abstract class ViewModel {
    protected open fun onCleared() {}
}

val ViewModel.viewModelScope: CoroutineScope
    get() = error("a stand-in")
