/** Stands in for `androidx.work`, as `Annotation.kt` does. */
package androidx.work

import android.content.Context
import java.util.concurrent.TimeUnit

class WorkerParameters

abstract class ListenableWorker(val applicationContext: Context) {
    abstract class Result {
        companion object {
            fun success(): Result = error("a stand-in")

            fun retry(): Result = error("a stand-in")

            fun failure(): Result = error("a stand-in")
        }
    }
}

@Suppress("UNUSED_PARAMETER")
abstract class CoroutineWorker(context: Context, parameters: WorkerParameters) : ListenableWorker(context) {
    abstract suspend fun doWork(): Result
}

enum class NetworkType { CONNECTED }

enum class ExistingPeriodicWorkPolicy { KEEP }

class Constraints {
    class Builder {
        fun setRequiredNetworkType(type: NetworkType): Builder = error("a stand-in for $type")

        fun build(): Constraints = error("a stand-in")
    }
}

class PeriodicWorkRequest {
    class Builder {
        fun setConstraints(constraints: Constraints): Builder = error("a stand-in for $constraints")

        fun build(): PeriodicWorkRequest = error("a stand-in")
    }
}

inline fun <reified W : ListenableWorker> PeriodicWorkRequestBuilder(interval: Long, unit: TimeUnit): PeriodicWorkRequest.Builder =
    error("a stand-in for ${W::class}, $interval, $unit")

abstract class WorkManager {
    abstract fun enqueueUniquePeriodicWork(name: String, policy: ExistingPeriodicWorkPolicy, request: PeriodicWorkRequest)

    companion object {
        fun getInstance(context: Context): WorkManager = error("a stand-in for $context")
    }
}
