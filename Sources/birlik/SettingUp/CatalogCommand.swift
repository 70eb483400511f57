import ArgumentParser
import CatalogFiles
import Node
import Store
import SyncCore

/// Groups the commands on the catalog.
struct CatalogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "birlik catalog check Config/catalog",
    discussion: "The catalog is a folder of TOML files that say which records there are and how they merge.",
    subcommands: [CatalogCheckCommand.self, CatalogPublishCommand.self, CatalogCopyCommand.self])
}

/// Checks a catalog's files.
struct CatalogCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "birlik catalog check Config/catalog --database hq.db",
    discussion: """
      Lists everything that is wrong, by file and line. With a database it also compares the files with the catalog in \
      use and lists changes that are not allowed, such as a removed field or an id used again. It ends with 65 when it \
      found anything.
      """)

  @Argument(help: ArgumentHelp("The catalog's folder.", valueName: "dir"), completion: .directory)
  var folder = "Config/catalog"

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let published = try published()
    let findings =
      published.map { CatalogFolder.check(folder, against: $0) } ?? CatalogFolder.check(folder)
    let warnings = CatalogFolder.warnings(folder)
    let output = Output()
    if self.output.json {
      output.line([
        "ok": .bool(findings.isEmpty), "folder": .string(folder),
        "compared_with": published.map { .number($0.version) } ?? .null,
        "findings": .array(findings.map(Self.json)), "warnings": .array(warnings.map(Self.json)),
      ])
    } else {
      for finding in findings { output.print(finding.description) }
      for warning in warnings { output.print(Self.words(warning: warning)) }
      if findings.isEmpty {
        let comparison = published.map { "; it can replace version \($0.version)" } ?? ""
        output.print("Nothing is wrong in \(folder)\(comparison).")
      }
    }
    try output.finish()
    if !findings.isEmpty { throw ExitStatus.data.exit }
  }

  /// The catalog that the database follows; nil where no database is named by the caller.
  private func published() throws -> Catalog? {
    guard node.database != nil || node.config != nil || Environment["BIRLIK_DATABASE"] != nil else { return nil }
    return try node.open().store.catalog()
  }

  /// The form that editors jump to, as compilers write warnings.
  static func words(warning: CatalogFinding) -> String {
    "\(warning.file):\(warning.line): warning: \(warning.message) \(warning.hint)"
  }

  static func json(_ finding: CatalogFinding) -> JSON {
    [
      "file": .string(finding.file), "line": .number(finding.line), "message": .string(finding.message),
      "hint": .string(finding.hint),
    ]
  }
}
