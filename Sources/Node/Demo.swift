import Foundation

/// `birlik demo`: the main job on the published figures, in one process and one folder.
///
/// Headquarters, five federations and an office with a database each; edits while headquarters is away; a sync over real
/// HTTP on the loopback; conflicts, totals, contradictions; and the proof that all nodes are equal.
public enum Demo {
  /// Runs the demo from beginning to end.
  ///
  /// - Parameters:
  ///   - scale: the share of the published primary organizations that is made, above 0 and at most 1.
  ///   - keep: a folder in which the files stay; nil puts them into a temporary one and removes them at the end.
  ///   - output: takes the lines for the reader as they come.
  /// - Returns: false when anything was not as it should be; the last lines say what.
  /// - Throws: `NodeError` with code `usage` for a wrong scale or folder, and what storing and syncing throw.
  public static func run(
    scale: Double, keep: String?, output: @escaping @Sendable (String) -> Void
  ) async throws -> Bool {
    try await run(
      scale: scale, keep: keep, temporary: FileManager.default.temporaryDirectory.path, output: output)
  }

  /// - Parameter temporary: where the folder of files that are not kept is made.
  static func run(
    scale: Double, keep: String?, temporary: String, output: @escaping @Sendable (String) -> Void
  ) async throws -> Bool {
    let operation = "running the demo"
    guard scale > 0, scale <= 1 else {
      throw NodeError(.usage, operation, "the scale \(scale) is out of range", hint: "give more than 0 and at most 1")
    }
    let folder = try folder(keep ?? temporary + "/birlik-demo-\(UUID().uuidString)", isKept: keep != nil, operation)
    // Under --keep only what the reader asked for is left; otherwise nothing.
    defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var story = try DemoStory(scale: scale, folder: folder, say: output)
    do {
      let isGood = try await story.tell()
      try await story.end()
      if keep != nil { story.sayWhereFilesAre() }
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
