package org.waxwing.android

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import org.waxwing.ProviderException
import org.waxwing.StoreKeyProvider
import org.waxwing.Waxwing
import java.io.File
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Gives the store's key, which it makes the first time: 32 random bytes in a file, sealed with a key that never leaves the Android
 * Keystore.
 *
 * ```
 * Waxwing.open("wss://relay.example", Store.file(File(context.noBackupFilesDir, "waxwing.db"), KeystoreKey(context)))
 * ```
 *
 * The Keystore's key can be used whenever the phone was unlocked once since it started, so background work can open the store.
 *
 * @param name one for each store of the app.
 */
public class KeystoreKey(context: Context, private val name: String = "waxwing") : StoreKeyProvider {
    // Not in backups: on another phone, the Keystore could not open it.
    private val file = AtomicFile(File(context.applicationContext.noBackupFilesDir, "$name.key"))

    override suspend fun storeKey(): ByteArray = withContext(Dispatchers.IO) {
        oneAtATime.withLock {
            try {
                if (file.baseFile.exists()) open() else make()
            } catch (why: GeneralSecurityException) {
                throw ProviderException("the Android Keystore does not open the key", why)
            } catch (why: IOException) {
                throw ProviderException("the file of the key cannot be read", why)
            }
        }
    }

    private fun open(): ByteArray {
        // A new key would lock the store for good: that is for the user to decide.
        val sealing = sealingKey() ?: throw ProviderException("the Android Keystore lost the key: recover the account into a new store")
        val sealed = file.readFully()
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, sealing, GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES))
        return cipher.doFinal(sealed, NONCE_BYTES, sealed.size - NONCE_BYTES)
    }

    private fun make(): ByteArray {
        val key = Waxwing.generateStoreKey()
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.ENCRYPT_MODE, sealingKey() ?: newSealingKey())
        val sealed = cipher.iv + cipher.doFinal(key)
        val stream = file.startWrite()
        try {
            stream.write(sealed)
            file.finishWrite(stream)
        } catch (why: IOException) {
            file.failWrite(stream)
            throw why
        }
        return key
    }

    private fun sealingKey(): SecretKey? {
        val keystore = KeyStore.getInstance(KEYSTORE).apply { load(null) }
        return keystore.getKey(name, null) as SecretKey?
    }

    private fun newSealingKey(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val specification = KeyGenParameterSpec.Builder(name, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(KEY_BITS)
            .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYSTORE).apply { init(specification) }.generateKey()
    }

    private companion object {
        const val KEYSTORE = "AndroidKeyStore"
        const val CIPHER = "AES/GCM/NoPadding"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
        const val NONCE_BYTES = 12

        val oneAtATime = Mutex()
    }
}
