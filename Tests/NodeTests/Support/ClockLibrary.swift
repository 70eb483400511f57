import Foundation
import TestSupport

/// A library of ours that is preloaded into a program and moves its wall clock.
enum ClockLibrary {
  /// Builds the library into a folder, with the C compiler that comes with Swift.
  static func build(in folder: CommandFolder) async throws -> ClockLibrary.Path {
    let source = Repository.folder.appendingPathComponent("Tests/NodeTests/Clock/clock.c").path
    let path = folder.file("clock.so")
    let built = try await folder.start(
      "clang", ["-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"]
    ).result()
    guard built.status == 0 else { throw TestProblem("the clock library does not build: \(built.errors)") }
    return Path(path: path)
  }

  struct Path: Sendable {
    var path: String

    /// The environment of a program whose wall clock is so many milliseconds ahead, or behind when negative.
    func environment(offset: Int64) -> [String: String] {
      ["LD_PRELOAD": path, "CLOCK_OFFSET_MS": String(offset)]
    }
  }
}
