from numpy import *
import numpy as np

def sig(a):
    a = clip(a, -80, 80)
    return 1/(1+exp(-a))
def sigmoid(z):
    z = asarray(z)
    if z.dtype != float32: z = z*1.0
    return sig(z)
def gate(x,h,p,n): return concatenate((x,h),1)@p['W_'+n]+p['b_'+n]
def lstm_gates(x,h,p):
    return {'f':sig(gate(x,h,p,'f')),'i':sig(gate(x,h,p,'i')),'g':tanh(gate(x,h,p,'g')),'o':sig(gate(x,h,p,'o'))}
def lstm_step(x,h,c,p):
    G=lstm_gates(x,h,p)
    C=G['f']*c+G['i']*G['g']
    return G['o']*tanh(C),C
def lstm_forward(x,h,c,p):
    hs=[];cs=[]
    for t in range(len(x[0])):
        h,c=lstm_step(x[:,t],h,c,p); hs+=[h]; cs+=[c]
    return stack(hs,1),stack(cs,1)
def lstm_step_backward(dh,dc,x,h,c,p):
    G=lstm_gates(x,h,p); f=G['f'];i=G['i'];g=G['g'];o=G['o']
    T=tanh(f*c+i*g)
    D=dc+dh*o*(1-T*T)
    zf=D*c*f*(1-f); zi=D*g*i*(1-i); zg=D*i*(1-g*g); zo=dh*T*o*(1-o)
    v=concatenate((x,h),1)
    dv=zf@p['W_f'].T+zi@p['W_i'].T+zg@p['W_g'].T+zo@p['W_o'].T
    n=x.shape[1]
    return {'dx':dv[:,:n],'dh_prev':dv[:,n:],'dc_prev':D*f,'dW_f':v.T@zf,'dW_i':v.T@zi,'dW_g':v.T@zg,'dW_o':v.T@zo,'db_f':sum(zf,0),'db_i':sum(zi,0),'db_g':sum(zg,0),'db_o':sum(zo,0)}
def lstm_backward(dh,x,h0,c0,p):
    hs,cs=lstm_forward(x,h0,c0,p)
    n=x.shape[1]
    gh=gc=0
    R={}
    dx=[]
    for t in range(n-1,-1,-1):
        if t==0: hp,cp=h0,c0
        else: hp,cp=hs[:,t-1],cs[:,t-1]
        S=lstm_step_backward(dh[:,t]+gh,gc,x[:,t],hp,cp,p)
        gh=S['dh_prev'];gc=S['dc_prev'];dx=[S['dx']]+dx
        for k in list(S):
            if 'W' in k or 'b' in k: R[k]=R.get(k,0)+S[k]
    R['dx']=stack(dx,1);R['dh0']=gh;R['dc0']=gc
    return R
def gru_step(x,h,p):
    r=sig(x@p['W_xr']+p['b_xr']+h@p['W_hr']+p['b_hr'])
    z=sig(x@p['W_xz']+p['b_xz']+h@p['W_hz']+p['b_hz'])
    n=tanh(x@p['W_xn']+p['b_xn']+r*(h@p['W_hn']+p['b_hn']))
    return (1-z)*n+z*h
def gru_forward(x,h,p):
    o=[]
    for t in range(x.shape[1]): h=gru_step(x[:,t],h,p);o+=[h]
    return stack(o,1)
def from_torch_lstm(s):
    W=concatenate((s['weight_ih_l0'],s['weight_hh_l0']),1)*float32(1)
    b=(s['bias_ih_l0']+s['bias_hh_l0'])*float32(1)
    h=len(b)//4
    return {'W_i':W[:h].T,'W_f':W[h:2*h].T,'W_g':W[2*h:3*h].T,'W_o':W[3*h:].T,'b_i':b[:h],'b_f':b[h:2*h],'b_g':b[2*h:3*h],'b_o':b[3*h:]}
def set_forget_bias(p,v):
    q={}
    for k in p: q[k]=p[k]*float32(1)
    q['b_f']=q['b_f']*0+v
    return q
def memory_half_life(f):
    if f<=0 or f>=1 or isnan(f): raise ValueError('f must be in (0,1)')
    return float(log(0.5)/log(f))
