import Foundation

/// Settings files in a temporary folder, removed with the object.
final class TestFolder {
  private let path: String

  init(_ files: [String: String]) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("settings-" + UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    for (name, text) in files { try text.write(toFile: file(name), atomically: false, encoding: .utf8) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file as findings name it.
  func file(_ name: String) -> String { path + "/" + name }
}
