import Glibc
import Logging
import Server
import ServiceLifecycle

/// Shows a new certificate to new connections as soon as its files are in place, so that neither a change of the key nor
/// an authority's renewal needs a restart.
struct CertificateWatch: Service {
  let files: ServerFiles
  let current: CurrentCertificate
  let logger: Logger

  /// What differs between two versions of the files.
  private struct Mark: Equatable {
    var parts: [Int64] = []

    init(_ paths: [String]) {
      for path in paths {
        var info = stat()
        guard stat(path, &info) == 0 else { continue }
        parts += [Int64(bitPattern: UInt64(info.st_ino)), Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec)]
      }
    }
  }

  func run() async throws {
    // The first look always loads the files: they may have changed since the server started.
    await Polling.every(.seconds(1), from: Mark?.none) { [files] seen in
      let mark = await offload { Mark(files.paths) }
      guard mark != seen else { return }
      seen = mark
      await load()
    }
  }

  private func load() async {
    do {
      let files = files
      let new = try await offload { try files.load() }
      guard new.certificate != current.value.certificate else { return }
      current.use(new)
      logger.notice("the server's certificate changed")
    } catch {
      // In the middle of a change, or damaged: the previous certificate stays in use.
      logger.warning("the server's new certificate cannot be used", metadata: ["reason": "\(error)"])
    }
  }
}
