plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

/** What `natives.sh` wrote: the generated Kotlin. */
val generated = rootProject.file("../../../target/bindings/kotlin-android")

android {
    namespace = "org.waxwing.android"
    compileSdk = 36

    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    sourceSets["main"].kotlin.srcDirs("../../src/main/kotlin", generated)
    // `natives.sh` puts `libwaxwing_ffi.so` into src/main/jniLibs/ABI.

    packaging {
        // Uncompressed and aligned: mapped from the APK as it is.
        jniLibs.useLegacyPackaging = false
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11)
        freeCompilerArgs.add("-Xexplicit-api=strict")
    }
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.11.0")
    // The AAR carries JNA's own native library for every ABI.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    // The generated code marks what needs a newer Android.
    implementation("androidx.annotation:annotation:1.9.1")
}
