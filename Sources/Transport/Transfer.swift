import CCurl
import struct HTTPTypes.HTTPField
import struct HTTPTypes.HTTPFields
import Limits
import Synchronization

/// Collects what libcurl's callbacks receive in one transfer, and stops it beyond its limits.
///
/// Only the client's queue uses it, during one `curl_easy_perform`.
final class Transfer {
  private let limits: TransferLimits
  private let cancellation: Cancellation
  private(set) var body: [UInt8] = []
  private(set) var headers = HTTPFields()
  private var headerBytes = 0
  /// Whether the headers of the final answer are whole.
  private(set) var hasAllHeaders = false
  /// Set when a callback stops the transfer.
  private(set) var stopped: TransportError.Code?

  init(limits: TransferLimits, cancellation: Cancellation) {
    self.limits = limits
    self.cancellation = cancellation
  }

  private var isInterim = false

  /// Whether every byte of the answer is there, by the length that it announced.
  var isWhole: Bool {
    hasAllHeaders && headers[.contentLength].flatMap { Int($0) } == body.count
  }

  /// Appends a part of the body. Counts because libcurl's own size limit does not stop a running transfer.
  func receive(body part: UnsafeRawBufferPointer) -> Bool {
    guard part.count <= limits.responseBytes - body.count else { return stop(.tooLarge) }
    body.append(contentsOf: part)
    return true
  }

  /// Reads one line of the headers, with its line end.
  func receive(header line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= limits.headerBytes else { return stop(.tooLarge) }
    if line.starts(with: "HTTP/".utf8) {
      // An interim answer (1xx) came before: only the headers of the final one count.
      headers = HTTPFields()
      hasAllHeaders = false
      isInterim = line.dropFirst(9).first == UInt8(ascii: "1")
      return true
    }
    if line.allSatisfy({ $0 == 13 || $0 == 10 }) { hasAllHeaders = !isInterim }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      // The empty line that ends the headers; anything else without a colon is no header.
      return line.allSatisfy { $0 == 13 || $0 == 10 } || stop(.protocolError)
    }
    guard let first = line.first, first != 32, first != 9 else { return stop(.protocolError) }
    let name = String(decoding: line[..<colon], as: UTF8.self)
    let value = line[line.index(after: colon)...].drop { $0 == 32 || $0 == 9 }
    let end = value.lastIndex { $0 > 32 }.map { $0 + 1 } ?? value.startIndex
    // A field would turn characters that no value may hold into spaces, and so into another value.
    guard let name = HTTPField.Name(name), HTTPField.isValidValue(value[..<end]) else { return stop(.protocolError) }
    headers.append(HTTPField(name: name, value: value[..<end]))
    return true
  }

  /// Asked by libcurl several times a second while bytes move and at least once a second otherwise.
  var mayContinue: Bool { !cancellation.isCancelled || stop(.cancelled) }

  private func stop(_ code: TransportError.Code) -> Bool {
    stopped = code
    return false
  }
}

/// Cancels a running transfer from any thread.
final class Cancellation: Sendable {
  private let flag = Mutex(false)

  var isCancelled: Bool { flag.withLock { $0 } }
  func cancel() { flag.withLock { $0 = true } }
}
