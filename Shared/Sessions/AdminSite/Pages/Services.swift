// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import ServiceKit

extension AdminPages {
    struct ServiceState {
        struct Replica {
            struct Check {
                let name: String
                let state: String
                let isWell: Bool
            }

            let address: String
            let isReady: Bool
            let checks: [Check]
            let problem: String?
        }

        let name: String
        let isWell: Bool
        let state: String
        let replicas: [Replica]
        /// Why nobody could be asked.
        let problem: String?
    }

    struct ServicesPage {
        let services: [ServiceState]
        let isAllWell: Bool
    }

    func services(_ visit: Visit) async throws -> Response {
        let states = await serviceStates(visit.texts)
        return visit.page(
            .services, title: visit.texts(.servicesTitle), at: .services,
            ServicesPage(services: states, isAllWell: states.allSatisfy(\.isWell)))
    }

    /// Every service at once; each takes some seconds at most (`HealthProbe`).
    func serviceStates(_ t: Texts) async -> [ServiceState] {
        await withTaskGroup { group in
            for (index, service) in settings.services.enumerated() {
                group.addTask { (index, await state(of: service, t)) }
            }
            var states: [(Int, ServiceState)] = []
            for await state in group { states.append(state) }
            return states.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func state(of service: WatchedService, _ t: Texts) async -> ServiceState {
        let replicas: [ReplicaHealth]
        do { replicas = try await HealthProbe.ask(service.url) } catch {
            return ServiceState(
                name: service.name, isWell: false, state: t(.serviceAway), replicas: [], problem: "\(error)")
        }
        let ready = replicas.filter(\.isReady).count
        let isWell = ready == replicas.count
        let state: Phrase = ready == 0 ? .serviceNotReady : isWell ? .serviceReady : .servicePartly
        return ServiceState(
            name: service.name, isWell: isWell,
            state: t(state, ["ready": "\(ready)", "all": "\(replicas.count)"]),
            replicas: replicas.map { replica in
                ServiceState.Replica(
                    address: replica.address, isReady: replica.isReady,
                    checks: replica.checks.map {
                        ServiceState.Replica.Check(name: $0.name, state: $0.state, isWell: $0.isWell)
                    }, problem: replica.problem)
            }, problem: nil)
    }
}
