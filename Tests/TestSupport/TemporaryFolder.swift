import Foundation

/// A temporary folder, removed with the object.
public final class TemporaryFolder: Sendable {
  /// The folder's path, without a slash at its end.
  public let path: String

  /// - Parameter isMade: false for the name of a folder that somebody else makes.
  public init(isMade: Bool = true) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-test-\(UUID().uuidString)").path
    if isMade { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  }

  deinit { remove() }

  /// Removes it before the object goes.
  public func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// The folder as a URL.
  public var url: URL { URL(fileURLWithPath: path, isDirectory: true) }

  /// The path of a file in it.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file, and gives its path.
  @discardableResult
  public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Writes a text file, and gives its path.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

  /// The text of a file.
  public func text(of name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: file(name))), as: UTF8.self)
  }
}
