import Waxwing

// A process of its own for tests that look at one: says the version of the library that it found.
print(Diagnostics.version)
