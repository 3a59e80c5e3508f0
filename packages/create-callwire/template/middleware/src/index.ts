export { tenant, tenantOf, type TenantContext, type TenantOptions } from "./tenant.js";
