import Foundation
import Glibc

/// A folder for a database that is thrown away, in the place for temporary files. Nobody else may look into it.
struct ScratchFolder {
  private let folder: String

  /// - Throws: `StoreError` with code `missing`, `full` or `notPermitted` where no folder can be made.
  init(_ purpose: String, _ operation: String) throws(StoreError) {
    let place = FileManager.default.temporaryDirectory.path
    folder = "\(place)/birlik-\(purpose)-\(UUID().uuidString)"
    guard mkdir(folder, 0o700) != 0 else { return }
    switch errno {
    case ENOSPC, EDQUOT: throw Self.full(operation)
    case ENOENT, ENOTDIR:
      throw StoreError(
        .missing, operation, "there is no folder \(place) for temporary files",
        hint: "set TMPDIR to a folder that exists")
    default:
      throw StoreError(
        .notPermitted, operation, "nothing can be written to \(place), the folder for temporary files",
        hint: "set TMPDIR to a folder that can be written")
    }
  }

  func file(_ name: String) -> String { "\(folder)/\(name)" }

  /// Runs `body`. Where the disk of this folder was full, the error names the folder.
  func use<Value>(_ operation: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as StoreError where error.code == .full { throw Self.full(operation) }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  private static func full(_ operation: String) -> StoreError {
    StoreError(
      .full, operation, "the disk is full that has the folder for temporary files",
      hint: "free some space, or set TMPDIR to a folder on another disk; the database was not touched")
  }
}
