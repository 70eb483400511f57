import ArgumentParser
import Node
import Store
import SyncCore

/// Copies the database to another file.
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "birlik backup backup.db --database uz.db",
    discussion: """
      Copies the database to a new file, which gets the same mode and group, and where root does it the same owner: nobody \
      may read the copy who may not read the original, and it can take its place. Everybody may work meanwhile. The key is \
      not in it: keep a copy of FILE.key too. Whoever may read the file may do this.
      """)

  @Argument(help: "The new file.", completion: .file())
  var file: String

  @OptionGroup var node: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let path = DatabasePath.normal(file)
    let opened = try node.open(isForReading: true)
    try opened.store.backUp(to: path)
    if output.json { return try Output.answer(["backup": .string(path), "key": .string(opened.keyWords)]) }
    try Output.print("\(path) is a backup of \(try node.path()). Keep a copy of \(opened.keyWords) with it.")
  }
}
