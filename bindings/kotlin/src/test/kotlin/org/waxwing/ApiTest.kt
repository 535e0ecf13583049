package org.waxwing

import kotlinx.validation.api.dump
import kotlinx.validation.api.filterOutNonPublic
import kotlinx.validation.api.loadApiFromJvmClasses
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** The public face is what is committed: a change of it is a diff for whoever reviews. */
class ApiTest {
    private val snapshot = File(System.getProperty("waxwing.snapshot"))

    private fun face(): String {
        val classes = File(System.getProperty("waxwing.classes"))
            .walk().filter { it.extension == "class" }.sortedBy { it.path }
        val api = classes.map { it.inputStream() }.loadApiFromJvmClasses().filterOutNonPublic()
        return buildString { api.dump(this) }
    }

    @Test
    fun `the public face is the committed one`() {
        val face = face()
        if (System.getProperty("waxwing.takes") == "true") {
            snapshot.parentFile.mkdirs()
            snapshot.writeText(face)
            return
        }
        val committed = if (snapshot.exists()) snapshot.readText() else ""
        assertEquals(
            committed,
            face,
            "the public face changed: if that is meant, `cargo xtask bindings kotlin --bless` writes ${snapshot.name} anew",
        )
    }

    @Test
    fun `nothing generated is public`() {
        val face = face()
        assertTrue("class org/waxwing/WaxwingClient " in face, "the face is not empty")
        assertTrue("org/waxwing/ffi" !in face, face.lines().filter { "org/waxwing/ffi" in it }.joinToString("\n"))
    }
}
