package org.example.birds

import android.app.Application
import android.net.ConnectivityManager
import android.net.Network
import android.util.Log
import androidx.lifecycle.DefaultLifecycleObserver
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.ProcessLifecycleOwner
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import org.waxwing.LogLevel
import org.waxwing.Store
import org.waxwing.Waxwing
import org.waxwing.WaxwingClient
import org.waxwing.WaxwingException
import org.waxwing.android.KeystoreKey
import java.io.File
import kotlin.time.Duration.Companion.seconds

/** One client for the whole app, opened when it is first needed. */
class BirdsApp : Application(), DefaultLifecycleObserver {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    private val client: Deferred<WaxwingClient> = scope.async(start = CoroutineStart.LAZY) {
        val store = Store.file(File(noBackupFilesDir, "waxwing.db"), KeystoreKey(this@BirdsApp))
        Waxwing.open("wss://relay.example", store) {
            agent = "Birds/1.0"
            offline = true // the life cycle below says when to connect
        }
    }

    suspend fun client(): WaxwingClient = client.await()

    override fun onCreate() {
        super<Application>.onCreate()
        Waxwing.setLogSink(LogLevel.Info) { line -> Log.i("waxwing", "${line.target}: ${line.text}") }
        ProcessLifecycleOwner.get().lifecycle.addObserver(this)
        CatchUpWorker.schedule(this)
        getSystemService(ConnectivityManager::class.java).registerDefaultNetworkCallback(
            object : ConnectivityManager.NetworkCallback() {
                override fun onAvailable(network: Network) = quietly { it.networkChanged() }
            },
        )
    }

    /** The app is seen. */
    override fun onStart(owner: LifecycleOwner) = quietly { it.resume() }

    /** The app is not seen any more: no socket, no lock, until a worker or the user comes. */
    override fun onStop(owner: LifecycleOwner) = quietly { it.pause(limit = 5.seconds) }

    private fun quietly(call: suspend (WaxwingClient) -> Unit) {
        scope.launch {
            try {
                call(client())
            } catch (error: WaxwingException) {
                Log.w("birds", "${error.code}: ${error.message}")
            }
        }
    }
}
