import Glibc
import Logging
import Server
import ServiceLifecycle

/// Shows a new certificate to new connections as soon as its files are in place: no restart for a change of the key, nor
/// for an authority's renewal.
struct CertificateWatch: Service {
  let files: ServerFiles
  let current: CurrentCertificate
  let logger: Logger

  /// What tells one version of the files from another.
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
    await cancelWhenGracefulShutdown {
      // The first look is at the files themselves: between the start and this moment they may have changed.
      var seen: Mark?
      while !Task.isCancelled {
        let mark = Mark(files.paths)
        if mark != seen {
          seen = mark
          await take()
        }
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }

  private func take() async {
    do {
      let files = files
      let new = try await offload { try files.load() }
      guard new.certificate != current.value.certificate else { return }
      current.use(new)
      logger.notice("the server's certificate changed")
    } catch {
      // In the middle of a change, or spoilt: what was read before goes on.
      logger.warning("the server's new certificate cannot be used", metadata: ["reason": "\(error)"])
    }
  }
}
