package org.example.birds

import android.content.Context
import androidx.work.Constraints
import androidx.work.CoroutineWorker
import androidx.work.ExistingPeriodicWorkPolicy
import androidx.work.NetworkType
import androidx.work.PeriodicWorkRequestBuilder
import androidx.work.WorkManager
import androidx.work.WorkerParameters
import org.waxwing.RetryAdvice
import org.waxwing.WaxwingException
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds

/** Looks now and then what the relay has, and sends what waits. When the system stops it, nothing is lost. */
class CatchUpWorker(context: Context, parameters: WorkerParameters) : CoroutineWorker(context, parameters) {
    override suspend fun doWork(): Result {
        val client = (applicationContext as BirdsApp).client()
        if (client.me == null) return Result.success()
        return try {
            if (client.catchUp(limit = 20.seconds).completed) Result.success() else Result.retry()
        } catch (error: WaxwingException) {
            when (error.advice) {
                is RetryAdvice.After, RetryAdvice.OnNetwork -> Result.retry()
                RetryAdvice.AfterUserActs, RetryAdvice.Never -> Result.failure()
            }
        }
    }

    companion object {
        fun schedule(context: Context) {
            val online = Constraints.Builder().setRequiredNetworkType(NetworkType.CONNECTED).build()
            val request = PeriodicWorkRequestBuilder<CatchUpWorker>(15, TimeUnit.MINUTES).setConstraints(online).build()
            WorkManager.getInstance(context)
                .enqueueUniquePeriodicWork("waxwing-catch-up", ExistingPeriodicWorkPolicy.KEEP, request)
        }
    }
}
