import CCurl
import struct HTTPTypes.HTTPFields
import Limits

/// One libcurl handle. It is reused because it holds the open connections.
///
/// - Warning: unchecked, because only `HTTPClient`'s serial queue calls it.
final class EasyHandle: @unchecked Sendable {
  struct Settings: Sendable {
    var userAgent: String
    var trust: HTTPTrust
    var caFile: String?
  }

  private static let isReady = birlik_curl_global_init() == CURLE_OK
  private static let maximumIdleConnections = 2

  private let handle: UnsafeMutableRawPointer?
  private let settings: Settings

  init(settings: Settings) {
    self.settings = settings
    handle = Self.isReady ? curl_easy_init() : nil
  }

  deinit { curl_easy_cleanup(handle) }

  /// Sends a request and waits for the whole answer; blocks the calling thread.
  func perform(_ request: HTTPRequest, cancellation: Cancellation) -> Result<HTTPResponse, TransportError> {
    do throws(TransportError) {
      let address = try RequestAddress(url: request.url, method: request.method.rawValue)
      let operation = "\(request.method.rawValue) \(address.text)"
      guard let handle else { throw TransportError(.protocolError, operation, detail: "libcurl does not start") }
      if cancellation.isCancelled { throw TransportError(.cancelled, operation) }
      return .success(try transfer(request, to: address, handle, operation, cancellation))
    } catch {
      return .failure(error)
    }
  }

  private func transfer(
    _ request: HTTPRequest, to address: RequestAddress, _ handle: UnsafeMutableRawPointer, _ operation: String,
    _ cancellation: Cancellation
  ) throws(TransportError) -> HTTPResponse {
    // Resets the options of the previous request, but not the connections.
    curl_easy_reset(handle)
    defer { curl_easy_reset(handle) }
    let list = try headerList(request.headers, operation)
    defer { curl_slist_free_all(list) }
    let transfer = Transfer(limits: request.limits, cancellation: cancellation)
    var options = Options(handle)
    options.setSafety(isLoopback: address.isLoopback, settings: settings)
    options.setLimits(request.limits)
    options.set(CURLOPT_URL, request.url)
    options.set(CURLOPT_HTTPHEADER, list: list)
    options.setCallbacks(transfer)

    var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let result = message.withUnsafeMutableBytes { message in
      request.body.withUnsafeBytes { body in
        options.set(CURLOPT_ERRORBUFFER, pointer: message.baseAddress)
        options.setBody(body, method: request.method)
        guard options.result == CURLE_OK else { return options.result }
        return withExtendedLifetime(transfer) { curl_easy_perform(handle) }
      }
    }
    let response = HTTPResponse(
      status: Self.number(CURLINFO_RESPONSE_CODE, of: handle), headers: transfer.headers, body: transfer.body,
      reusedConnection: Self.number(CURLINFO_NUM_CONNECTS, of: handle) == 0)
    // A connection that breaks behind the last byte of an answer broke too late to matter.
    guard result == CURLE_OK || transfer.stopped == nil && transfer.isWhole else {
      let detail = Self.text(message, or: result)
      var error = TransportError(
        transfer.stopped ?? TransportError.code(for: result, detail: detail), operation, detail: detail)
      if transfer.hasAllHeaders { error.received = response }
      throw error
    }
    return response
  }

  /// The headers as libcurl wants them, to be freed by the caller.
  private func headerList(
    _ headers: HTTPFields, _ operation: String
  ) throws(TransportError) -> UnsafeMutablePointer<curl_slist>? {
    // Without `Expect: 100-continue`, which costs a round trip, or a second where the server ignores it.
    var lines = ["Expect:"]
    for field in headers {
      // "Name;" is libcurl's way to send a header without a value.
      lines.append(field.name.rawName + (field.value.isEmpty ? ";" : ": " + field.value))
    }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw TransportError(.protocolError, operation, detail: "out of memory")
      }
      list = longer
    }
    return list
  }

  private static func number(_ info: CURLINFO, of handle: UnsafeMutableRawPointer) -> Int {
    var number = 0
    return birlik_curl_get_long(handle, info, &number) == CURLE_OK ? number : 0
  }

  private static func text(_ message: [CChar], or result: CURLcode) -> String {
    let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? String(cString: curl_easy_strerror(result)) : String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Options

  /// Sets options and records the first error, so that none is missing silently.
  private struct Options {
    private let handle: UnsafeMutableRawPointer
    private(set) var result = CURLE_OK

    init(_ handle: UnsafeMutableRawPointer) { self.handle = handle }

    private mutating func record(_ code: CURLcode) {
      if result == CURLE_OK { result = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) { record(birlik_curl_set_long(handle, option, value)) }
    mutating func set(_ option: CURLoption, _ value: String) { record(birlik_curl_set_string(handle, option, value)) }

    mutating func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
      record(birlik_curl_set_list(handle, option, list))
    }

    mutating func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
      record(birlik_curl_set_pointer(handle, option, pointer))
    }

    mutating func setSafety(isLoopback: Bool, settings: Settings) {
      set(CURLOPT_NOSIGNAL, 1)
      set(CURLOPT_FOLLOWLOCATION, 0)
      set(CURLOPT_PROTOCOLS_STR, "http,https")
      set(CURLOPT_REDIR_PROTOCOLS_STR, "https")
      set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
      set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
      setTrust(settings)
      set(CURLOPT_MAXCONNECTS, EasyHandle.maximumIdleConnections)
      set(CURLOPT_USERAGENT, settings.userAgent)
      // A proxy from the environment would send loopback traffic to another machine.
      if isLoopback { set(CURLOPT_PROXY, "") }
    }

    /// No authority confirms a certificate that headquarters signed itself, so there only the pinned key counts. libcurl
    /// compares the pin even when it does not check the certificate, and makes no connection without a certificate,
    /// because neither side offers the ciphers for it; `TLSTests` tries both.
    private mutating func setTrust(_ settings: Settings) {
      let trust = settings.trust
      set(CURLOPT_SSL_VERIFYPEER, trust.checksCertificate ? 1 : 0)
      set(CURLOPT_SSL_VERIFYHOST, trust.checksCertificate ? 2 : 0)
      if !trust.pins.isEmpty { set(CURLOPT_PINNEDPUBLICKEY, trust.pins.joined(separator: ";")) }
      if let file = settings.caFile { set(CURLOPT_CAINFO, file) }
    }

    mutating func setLimits(_ limits: TransferLimits) {
      set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(limits.connectTime))
      set(CURLOPT_TIMEOUT_MS, Self.milliseconds(limits.totalTime))
      set(CURLOPT_LOW_SPEED_LIMIT, limits.slowBytesPerSecond)
      set(CURLOPT_LOW_SPEED_TIME, limits.slowSeconds)
      // Stops a transfer that announces too large a body; the callback counts the others.
      let cap = curl_off_t(max(1, limits.responseBytes))
      record(birlik_curl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, cap))
    }

    /// `body` must not move until the transfer is over: libcurl sends from there.
    mutating func setBody(_ body: UnsafeRawBufferPointer, method: HTTPRequest.Method) {
      switch method {
      case .get: set(CURLOPT_HTTPGET, 1)
      case .post:
        set(CURLOPT_POST, 1)
        record(birlik_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        if body.isEmpty { set(CURLOPT_COPYPOSTFIELDS, "") } else { set(CURLOPT_POSTFIELDS, pointer: body.baseAddress) }
      }
    }

    /// `transfer` must outlive the transfer: libcurl holds it unretained.
    mutating func setCallbacks(_ transfer: Transfer) {
      let context = UnsafeRawPointer(Unmanaged.passUnretained(transfer).toOpaque())
      for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] { set(option, pointer: context) }
      record(
        birlik_curl_set_receive(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
          guard let data, let context else { return 0 }
          let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
          return transfer.receive(body: UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
        })
      record(
        birlik_curl_set_receive(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
          guard let data, let context else { return 0 }
          let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
          return transfer.receive(header: UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
        })
      set(CURLOPT_NOPROGRESS, 0)
      record(
        birlik_curl_set_progress(handle) { context, _, _, _, _ in
          guard let context else { return 1 }
          return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().mayContinue ? 0 : 1
        })
    }

    /// At least one, because zero means no limit to libcurl.
    private static func milliseconds(_ duration: Duration) -> Int {
      let (seconds, attoseconds) = duration.components
      let bounded = min(max(seconds, 0), 86_400)
      return max(1, Int(bounded) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
  }
}
