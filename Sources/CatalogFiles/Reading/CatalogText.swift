import Foundation
import Limits

/// One file of a catalog.
struct CatalogText: Equatable, Sendable {
  /// The file's name without folders, such as `codes.toml`.
  var name: String
  var bytes: [UInt8]
}

extension CatalogText {
  /// The `*.toml` files directly in `folder`, by name; hidden files are skipped.
  static func files(in folder: String, findings: FindingList) -> [CatalogText] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      findings.addUnreadable(
        folder, "The catalog's folder cannot be read.",
        hint: "Check that the folder exists and that this user may read it.")
      return []
    }
    let wanted = names.filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard wanted.count <= CatalogFileLimits.files else {
      findings.addUnreadable(
        folder, "The folder holds \(wanted.count) TOML files, more than \(CatalogFileLimits.files).",
        hint: "Keep only the catalog's own files in this folder.")
      return []
    }
    return wanted.compactMap { name in
      bytes(ofFile: path(folder, name), findings: findings).map { CatalogText(name: name, bytes: $0) }
    }
  }

  /// The bytes of a regular file of at most `CatalogFileLimits.fileBytes`; nil and a finding otherwise.
  static func bytes(ofFile path: String, findings: FindingList) -> [UInt8]? {
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: real) else {
      findings.addUnreadable(
        path, "The file cannot be read.", hint: "Check that the file exists and that this user may read it.")
      return nil
    }
    // A pipe or a device would block for ever or never end.
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      findings.addUnreadable(path, "This is not a regular file.", hint: "Put a plain text file in its place.")
      return nil
    }
    guard let handle = FileHandle(forReadingAtPath: real) else {
      findings.addUnreadable(path, "The file cannot be opened.", hint: "Check that this user may read it.")
      return nil
    }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: CatalogFileLimits.fileBytes + 1) ?? Data() else {
      findings.addUnreadable(path, "The file cannot be read to its end.", hint: "Check the disk, then try again.")
      return nil
    }
    guard data.count <= CatalogFileLimits.fileBytes else {
      findings.addUnreadable(
        path, "The file is larger than \(CatalogFileLimits.fileBytes) bytes.",
        hint: "Split it into several files, or check it.")
      return nil
    }
    return Array(data)
  }

  static func path(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}
