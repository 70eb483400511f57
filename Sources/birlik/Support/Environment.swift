import Glibc

/// The environment's variables; an empty one counts as not set.
enum Environment {
  static subscript(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
