// SPDX-License-Identifier: Apache-2.0

import Logging
import MailFlow
import MailStore
import SMTPServer
import ServiceKit
import ServiceLifecycle

/// Receives mail: 25 for strangers, 465 and 587 for our users. Assembly only; docs/follow-a-message.md tells the walk.
@main
struct Entry {
    static let smtpPort = Setting("smtp.port", "port for mail from other servers", fallback: "off")
    static let submissionPort = Setting("submission.port", "port for submissions with STARTTLS", fallback: "off")
    static let submissionsPort = Setting("submissions.port", "port for submissions under TLS", fallback: "off")

    static func main() async {
        await ServiceMain.run(
            name: "smtp-inbound", about: "receives mail from other servers and from users",
            settings: [smtpPort, submissionPort, submissionsPort], assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        let doors = doors(&reader)
        guard reader.mistakes.isEmpty else { return ServiceMain.Assembly(services: [], checks: []) }
        let rooms = try Rooms(configuration, logger)

        let memory = MessageMemory(limit: SessionLimits().messageMemory)
        let flow = rooms.flow(hostname: configuration.hostname, logger: logger)
        let loops = Dictionary(
            uniqueKeysWithValues: doors.map { door, _ in
                (
                    door.rawValue,
                    ConnectionLoop(hostname: configuration.hostname, role: door, memory: memory) { connection in
                        MailFlowBackend(
                            clientAddress: connection.peer.ip.description, directory: rooms.directory,
                            logins: rooms.logins, flow: flow, logger: connection.logger)
                    }
                )
            })
        let server = ConnectionServer(
            configuration: configuration,
            listeners: doors.map { door, port in
                Listener(name: door.rawValue, port: port, security: door == .submissions ? .implicit : .startTLS)
            },
            certificates: try configuration.certificates(logger: logger), logger: logger,
            busyLine: { _ in ConnectionLoop.busyLine }
        ) { connection in
            try await loops[connection.listener]?.run(connection)
        }
        let deliveries = LocalDeliveryService(
            deliveries: rooms.deliveries(hostname: configuration.hostname, logger: logger), wakeUps: rooms.local.wakeUps
        )
        return ServiceMain.Assembly(
            services: [rooms.redis, rooms.local, TextIndexing(rooms.accounts), deliveries, server], checks: rooms.checks
        )
    }

    private static func doors(_ reader: inout SettingReader) -> [(SessionRole, Int)] {
        var doors: [(SessionRole, Int)] = []
        if let port = reader.port(smtpPort) { doors.append((.exchange, port)) }
        if let port = reader.port(submissionPort) { doors.append((.submission, port)) }
        if let port = reader.port(submissionsPort) { doors.append((.submissions, port)) }
        if doors.isEmpty, reader.mistakes.isEmpty {
            reader.wrong(smtpPort, "no port at all: set at least one of the three")
        }
        return doors
    }
}

/// Works off the spool's local rows until the service stops.
struct LocalDeliveryService: Service {
    let deliveries: LocalDeliveries
    let wakeUps: AsyncStream<Void>

    func run() async throws {
        await cancelWhenGracefulShutdown { await deliveries.run(wakeUps: wakeUps) }
    }
}
