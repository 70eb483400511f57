import Foundation
import Node

/// `birlik demo`: the main job on the published figures, in one process and one folder.
///
/// Headquarters, five federations and an office with a database each; edits while headquarters is away; a sync over real
/// HTTP on the loopback; conflicts, totals, contradictions; and the proof that all nodes are equal.
public enum Demo {
  /// Runs the demo from beginning to end.
  ///
  /// - Parameters:
  ///   - scale: the share of the published primary organizations that is made, above 0 and at most 1.
  ///   - keep: the folder in which to leave the files; nil uses a temporary folder, which is removed at the end.
  ///   - output: receives the lines for the reader as they come.
  /// - Returns: false if anything is wrong; the last lines say what.
  /// - Throws: `NodeError` with code `usage` for a wrong scale or folder, and what storing and syncing throw.
  public static func run(
    scale: Double, keep: String?, output: @escaping @Sendable (String) -> Void
  ) async throws -> Bool {
    try await run(
      scale: scale, keep: keep, temporary: FileManager.default.temporaryDirectory.path, output: output)
  }

  /// - Parameter temporary: where to make the temporary folder.
  static func run(
    scale: Double, keep: String?, temporary: String, output: @escaping @Sendable (String) -> Void
  ) async throws -> Bool {
    let operation = "running the demo"
    guard scale > 0, scale <= 1 else {
      throw NodeError(.usage, operation, "the scale \(scale) is out of range", hint: "give more than 0 and at most 1")
    }
    let folder = try folder(keep ?? temporary + "/birlik-demo-\(UUID().uuidString)", isKept: keep != nil, operation)
    defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var story = try DemoStory(scale: scale, folder: folder, output: output)
    do {
      let isGood = try await story.run()
      try await story.end()
      if keep != nil { story.printWhereFilesAre() }
      return isGood
    } catch {
      try? await story.end()
      throw error
    }
  }

  private static func folder(_ path: String, isKept: Bool, _ operation: String) throws -> String {
    let files = FileManager.default
    if let inside = try? files.contentsOfDirectory(atPath: path), !inside.isEmpty {
      throw NodeError(.usage, operation, "\(path) is not empty", hint: "name a folder that is new or empty")
    }
    do {
      try files.createDirectory(
        atPath: path, withIntermediateDirectories: isKept, attributes: [.posixPermissions: 0o700])
    } catch {
      throw NodeError(.usage, operation, "the folder \(path) cannot be made", hint: "name another one with --keep")
    }
    return path
  }
}
