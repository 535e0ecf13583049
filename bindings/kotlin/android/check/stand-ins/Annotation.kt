/** Stands in for `androidx.annotation`, which is not published where the check runs: the signatures that are used, and no behaviour. */
package androidx.annotation

annotation class RequiresApi(val api: Int)
