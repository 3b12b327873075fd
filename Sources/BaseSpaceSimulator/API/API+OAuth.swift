import HTTPTypes

extension API {
    static let oauthRoutes = [
        Route("POST", "oauthv2/deviceauthorization", needsToken: false) { api, request in
            try await api.authorizeDevice(request)
        },
        Route("POST", "oauthv2/token", needsToken: false) { api, request in try await api.token(request) },
        Route("GET", "oauthv2/token/current") { api, request in try api.currentToken(request) },
        Route("DELETE", "oauthv2tokens/current", version: .v2) { api, request in
            _ = api.services.tokens.revoke(request.token)
            return Envelope.object([:], for: request, services: api.services)
        },
    ]

    /// A code for the user to type. The answer has no envelope.
    private func authorizeDevice(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        guard parameters.nonEmpty("client_id") != nil else {
            return refusal("invalid_client", "client_id is missing", request)
        }
        guard parameters["response_type"] == "device_code" else {
            return refusal("unsupported_response_type", "response_type has to be device_code", request)
        }
        let scopes = parameters["scope"] ?? ""
        if let unknown = Simulator.Grant.unknownScope(in: scopes) {
            return refusal("invalid_scope", "\(unknown) is no scope", request)
        }
        let device = services.devices.add(scopes: scopes, now: request.now)
        let page = "https://basespace.example/oauth/device"
        return Envelope.bare(
            [
                "verification_uri": .string(page),
                "verification_with_code_uri": .string("\(page)?code=\(device.userCode)"),
                "user_code": .string(device.userCode), "device_code": .string(device.code),
                "expires_in": .integer(DeviceStore.lifetime.components.seconds),
                "interval": .integer(DeviceStore.interval),
            ],
            for: request,
            services: services
        )
    }

    /// The token for a code, once the user has allowed it.
    private func token(_ request: APIRequest) async throws -> Reply {
        let parameters = try await request.allParameters()
        guard parameters.nonEmpty("client_id") != nil, parameters.nonEmpty("client_secret") != nil else {
            return refusal("invalid_client", "client_id or client_secret is missing", request)
        }
        guard parameters["grant_type"] == "device" else {
            return refusal("unsupported_grant_type", "grant_type has to be device", request)
        }
        switch services.devices.poll(code: parameters["code"] ?? "", now: request.now) {
        case .refused(let error, let description):
            return refusal(error, description, request)
        case .granted(let scopes):
            let token = RequestIDs.randomHex(32)
            services.tokens.add(token, Simulator.Grant(scopes: scopes), now: request.now)
            return Envelope.bare(["access_token": .string(token)], for: request, services: services)
        }
    }

    private func refusal(_ error: String, _ description: String, _ request: APIRequest) -> Reply {
        Envelope.bare(
            ["error": .string(error), "error_description": .string(description)],
            status: .badRequest,
            for: request,
            services: services
        )
    }

    /// What the token of the request is and may do.
    private func currentToken(_ request: APIRequest) throws -> Reply {
        guard let holder = services.tokens[request.token] else {
            throw APIError(
                .unauthorized,
                "The access token was revoked",
                code: "BASESPACE.COMMON.AUTHENTICATION_FAILURE"
            )
        }
        let object: JSON = [
            "Id": .string(String(holder.id)), "Href": "v1pre3/oauthv2/token/current",
            "AccessToken": .string(request.token), "Application": Application.simulated.compact,
            "UserResourceOwner": services.withModel { $0.compactUser() }, "Status": "Active",
            "DateCreated": .string(holder.created.iso8601), "Scopes": .array(holder.grant.listed.map { .string($0) }),
        ]
        return Envelope.object(object, for: request, services: services)
    }
}
