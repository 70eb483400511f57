import ArgumentParser
import CatalogFiles
import SyncCore

/// Writes the files of the program's own catalog.
struct CatalogCopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "birlik catalog copy my-catalog",
    discussion: """
      Writes the files of the catalog that this program contains into a new folder, to read them or to adapt them for \
      `birlik init --catalog` and `birlik catalog publish`. The catalog that a headquarters uses may be another one.
      """)

  @Argument(help: ArgumentHelp("The folder to make.", valueName: "dir"), completion: .directory)
  var folder: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let names: [String]
    do { names = try CatalogFolder.writeShipped(to: folder) } catch {
      throw Failure(
        .inputOutput, "the folder \(folder) cannot be made", hint: "name one that does not exist, in a folder that does"
      )
    }
    if output.json { return try Output.answer(["folder": .string(folder), "files": .strings(names)]) }
    try Output.print("\(folder) holds the catalog of this program: \(names.joined(separator: ", ")).")
  }
}
