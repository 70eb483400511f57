import Foundation
import TestSupport

/// A program of the machine, whose words are the same in every language.
enum Command {
  static let environment = ["LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""]

  /// Runs a program to its end.
  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
    guard let name = arguments.first else { throw TestProblem("no program") }
    return try await Program.run(
      name, Array(arguments.dropFirst()), environment: Self.environment.merging(environment) { $1 },
      within: .seconds(180))
  }

  /// Runs `body` with a folder that is removed after it.
  static func withTemporaryFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder.url)
  }
}
