// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// An nsd of one test on a free port of loopback, with a signed zone that is the root itself (Services/Setup/zone.sh).
package final class NameServer: Sendable {
    package let port: Int
    private let folder: TemporaryFolder
    private let process: Process

    /// The DNSSEC anchor of the zone.
    package var anchor: String { folder.file("anchor.key") }

    /// - Parameters:
    ///   - records: lines of a zone file.
    ///   - forgery: a text of the signed zone and what stands there instead, after it was signed.
    /// Returns before it answers; a resolver asks again.
    package init(_ records: String, forgery: (String, String)? = nil) throws {
        folder = try TemporaryFolder()
        port = try FreePort.find()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Services/Setup/zone.sh").path
        try Program.run("bash", ["-c", "source '\(script)'; write_zone '\(folder.path)' \(port)"], input: records)
        if let (old, new) = forgery {
            let zone = try String(contentsOfFile: folder.file("root.zone.signed"), encoding: .utf8)
            try zone.replacing(old, with: new)
                .write(toFile: folder.file("root.zone.signed"), atomically: true, encoding: .utf8)
        }
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "nsd", "-d", "-c", folder.file("nsd.conf")]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    // Its child ends with it. Nobody waits: that would hold a thread that other tests need.
    deinit { _ = kill(process.processIdentifier, SIGKILL) }
}
