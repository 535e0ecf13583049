package org.waxwing

import org.waxwing.ffi.StorePlace
import org.waxwing.internal.StoreKeys
import java.io.File

/**
 * Where a client keeps everything.
 *
 * @sample org.waxwing.samples.openClient
 */
public class Store internal constructor(
    internal val place: StorePlace,
    private val key: StoreKeyProvider?,
) {
    /** Calls with the key's provider; what it throws becomes the cause of the call's error. */
    internal inline fun <T> explaining(call: (StoreKeys?) -> T): T {
        val keys = key?.let(::StoreKeys) ?: return call(null)
        return keys.explaining("store_key_unavailable") { call(keys) }
    }

    /** The ways to keep it. */
    public companion object {
        /**
         * One encrypted file, made if it is not there; its folder has to be.
         *
         * Beside it stand its log (`-wal`, `-shm`) and a lock file (`.lock`). Leave all of them out of the system's backups: a
         * copy that is put back later looks to others like a device that forgot what it said.
         */
        public fun file(path: File, key: StoreKeyProvider): Store =
            Store(StorePlace.File(path.absolutePath), key)

        /** In memory, for tests: gone with the client. */
        public fun memory(): Store = Store(StorePlace.Memory, null)
    }
}
