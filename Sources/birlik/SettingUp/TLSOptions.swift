import ArgumentParser
import Foundation
import Node
import Settings

/// How headquarters' server speaks TLS.
struct TLSOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Speak TLS (the default); without TLS the server can only be reached from this machine.")
  var tls: Bool?

  @Option(help: ArgumentHelp("Its certificate in PEM, such as an authority's (else the settings).", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's private key in PEM (else the settings).", valueName: "file"))
  var tlsKey: String?

  /// These options, and the settings for those that are not given.
  func resolved(_ settings: Settings) -> TLSSettings {
    var resolved = TLSSettings(settings)
    resolved.isOn = tls ?? resolved.isOn
    if let tlsCertificate { resolved.certificate = tlsCertificate }
    if let tlsKey { resolved.key = tlsKey }
    return resolved
  }
}

extension TLSSettings {
  /// What the settings file says.
  init(_ settings: Settings) {
    self.init(isOn: settings.tls, certificate: settings.tlsCertificate, key: settings.tlsKey)
  }

  /// With paths that mean the same from every folder.
  var absolute: TLSSettings {
    func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
    return TLSSettings(isOn: isOn, certificate: certificate.map(absolute), key: key.map(absolute))
  }
}

extension Settings {
  /// Names and addresses by which nodes may reach the server.
  ///
  /// - Parameter listen: where it listens.
  func serverHosts(listen: String) -> [String] {
    let parts = [listen.contains("://") ? listen : "https://" + listen, publicURL].compactMap { $0 }
    return parts.compactMap { URL(string: $0)?.host }.map {
      $0.hasPrefix("[") && $0.hasSuffix("]") ? String($0.dropFirst().dropLast()) : $0
    }
  }
}
