extension API {
    static let userRoutes = [
        Route("GET", "users/current") { api, request in api.user(request) },
        Route("GET", "users/{id}") { api, request in
            let user = api.services.withModel { $0.user }
            guard request.id == user.id else { throw api.services.unknown("User", request.captures.first) }
            return api.user(request)
        },
    ]

    private func user(_ request: APIRequest) -> Reply {
        Envelope.object(services.withModel { $0.fullUser() }, for: request, services: services)
    }
}
